/** The package's version, as sent to relays. A test holds it equal to package.json. */
export const kernelVersion = '0.1.0';
