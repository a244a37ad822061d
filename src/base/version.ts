/** The package's version, as sent to relays. */
export const kernelVersion = '0.1.0';

/** Of the cojson that the package contains. */
export const cojsonVersion = '0.20.19';
