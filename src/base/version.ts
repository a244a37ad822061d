/** The package's version, as sent to relays. A test compares it with package.json. */
export const kernelVersion = '0.1.0';
