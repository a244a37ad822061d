import { createRequire } from 'node:module';
import type { CryptoProvider } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import type { Logger } from '../../base/logger.ts';

/** cojson's engine for Node, for who installs it: it checks signatures in a third of the time. */
export const nativePackage = 'cojson-core-napi';
/** The version that this relay's cojson was made with; another one need not fit. A test holds it equal to what is installed. */
export const nativeVersion = '0.20.19';

/** Where a package is looked for: from the relay's own file, as Node does. */
type Require = (id: string) => unknown;

/** cojson's native engine where that very version is installed, else the one in WASM, which comes along. */
export async function createRelayCrypto(
  logger: Logger,
  require: Require = createRequire(import.meta.url),
): Promise<CryptoProvider> {
  if (!isNativeInstalled(require)) return WasmCrypto.create();
  try {
    const { NapiCrypto } = await import('cojson/crypto/NapiCrypto');
    const crypto = await NapiCrypto.create();
    logger.debug('Signatures are checked by the native engine', { package: nativePackage });
    return crypto;
  } catch (error) {
    logger.warn(
      'The native engine that is installed cannot be used; the relay goes on with the one in WASM',
      {
        package: nativePackage,
        error,
      },
    );
    return WasmCrypto.create();
  }
}

function isNativeInstalled(require: Require): boolean {
  try {
    const { version } = require(`${nativePackage}/package.json`) as { readonly version?: unknown };
    return version === nativeVersion;
  } catch {
    // Nobody has to install it.
    return false;
  }
}
