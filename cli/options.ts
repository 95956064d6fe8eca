/** Options that several commands share, as commander hands them over. */
export interface JsonOption {
  json?: boolean;
}

export interface SpecOptions extends JsonOption {
  file?: string;
}
