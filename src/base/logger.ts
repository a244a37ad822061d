/** Receives messages for app developers. Never pass it a secret. */
export interface Logger {
  debug(message: string, details?: object): void;
  /** Absent if such messages are not wanted. */
  info?(message: string, details?: object): void;
  warn(message: string, details?: object): void;
}

export const silentLogger: Logger = { debug: () => {}, warn: () => {} };
