/** Where the kernel says what an app developer may want to read. Never given a secret. */
export interface Logger {
  debug(message: string, details?: object): void;
  warn(message: string, details?: object): void;
}

export const silentLogger: Logger = { debug: () => {}, warn: () => {} };
