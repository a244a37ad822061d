// The one cojson instance of this package: two of them in a page do not know each other's values.
export * from 'cojson';
export { WasmCrypto } from 'cojson/crypto/WasmCrypto';
export type * as CojsonInternalTypes from './engine/internal-types.ts';
