/** A value as JSON has it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
