/** No device writes or reads a larger file: cojson keeps all of it in memory, encrypted and decrypted. */
export const largestFileBytes = 100_000_000;

export const defaultMaxBytes = 50_000_000;

/**
 * Encoded as base64 twice, a chunk reaches the 100 kB that cojson recommends for a transaction. A transaction cannot be
 * interrupted, so this is also the most that another edit waits for.
 */
export const chunkBytes = 56_000;

/** The most content of one file that this device takes: more than base64 twice, 16/9, makes of the largest file. */
export const largestContentBytes = 2 * largestFileBytes;
