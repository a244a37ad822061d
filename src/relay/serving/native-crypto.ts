import { createRequire } from 'node:module';
import type { CryptoProvider } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import type { Logger } from '../../base/logger.ts';

/** cojson's optional native crypto for Node; it verifies signatures in a third of the time. */
export const nativePackage = 'cojson-core-napi';
/** Must match the installed cojson, which a test checks; other versions may be incompatible. */
export const nativeVersion = '0.20.19';

/** Node's `require`, which resolves packages relative to this file. */
type Require = (id: string) => unknown;

/** The native crypto if the matching version is installed, otherwise the bundled WASM one. */
export async function createRelayCrypto(
  logger: Logger,
  require: Require = createRequire(import.meta.url),
): Promise<CryptoProvider> {
  if (!isNativeInstalled(require)) return WasmCrypto.create();
  try {
    const { NapiCrypto } = await import('cojson/crypto/NapiCrypto');
    const crypto = await NapiCrypto.create();
    logger.debug('Using native crypto for signatures', { package: nativePackage });
    return crypto;
  } catch (error) {
    logger.warn('Could not load the installed native crypto; using WASM instead', {
      package: nativePackage,
      error,
    });
    return WasmCrypto.create();
  }
}

function isNativeInstalled(require: Require): boolean {
  try {
    const { version } = require(`${nativePackage}/package.json`) as { readonly version?: unknown };
    return version === nativeVersion;
  } catch {
    // The package is optional.
    return false;
  }
}
