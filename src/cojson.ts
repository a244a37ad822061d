/** The one cojson instance of the package, with its types: two in one page would not know each other's values. */
export * from 'cojson';
export { WasmCrypto } from 'cojson/crypto/WasmCrypto';
export type * as CojsonInternalTypes from './cojson-internal-types.ts';
