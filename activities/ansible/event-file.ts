import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

const CHUNK = 1 << 18;
/** The callback caps data at 1 MB; what is longer was not written by it. */
const LONGEST_LINE = 4 << 20;

/** Reads the events of a run from where it stood; a line is passed on once it is whole. */
export class EventFile {
  #path: string;
  #offset = 0;
  #decoder = new StringDecoder('utf8');
  #line = '';
  #tooLong = false;
  #buffer = Buffer.alloc(CHUNK);

  constructor(path: string) {
    this.#path = path;
  }

  /** Passes every event that is new to `take`. Lines that are no JSON object (torn by a crash) are passed over. */
  async read(take: (event: unknown) => void): Promise<void> {
    const file = await open(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!file) return;
    try {
      for (;;) {
        const { bytesRead } = await file.read(this.#buffer, 0, CHUNK, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        this.#split(this.#decoder.write(this.#buffer.subarray(0, bytesRead)), take);
      }
    } finally {
      await file.close();
    }
  }

  #split(text: string, take: (event: unknown) => void): void {
    const pieces = text.split('\n');
    pieces.forEach((piece, index) => {
      if (!this.#tooLong) this.#line += piece;
      if (this.#line.length > LONGEST_LINE) [this.#line, this.#tooLong] = ['', true];
      if (index === pieces.length - 1) return;
      const event = this.#tooLong ? undefined : parsed(this.#line);
      [this.#line, this.#tooLong] = ['', false];
      if (event !== undefined) take(event);
    });
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
