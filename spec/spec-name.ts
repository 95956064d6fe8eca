/** What a spec is called, where nobody says otherwise. */
export const SPEC_NAME = 'musher.yml';
