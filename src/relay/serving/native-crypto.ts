import { createRequire } from 'node:module';
import type { CryptoProvider } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import type { Logger } from '../../base/logger.ts';

/** cojson's optional native crypto for Node; it verifies signatures in a third of the time. */
export const nativePackage = 'cojson-core-napi';
/** Must match the installed cojson, which a test checks; other versions may be incompatible. */
export const nativeVersion = '0.20.19';

/** A signature that cojson's WASM crypto made. */
const signed = {
  signer: 'signer_z9Hfb5R25YJSx9ki7jZeQogLMqNeDHzXMpUrrXLhBK8uX',
  message: 'maia-relay',
  signature:
    'signature_z3K3Cyr6Ho8wYmabRs7ty4NdKvV8LJJgaRs9CT9VjVeokCHw8etgfVkkXYtHUuVkRYqQXLCAhZvGJjvKwNzEVpm9C',
} as const;

/** Node's `require`, which resolves packages relative to this file. */
type Require = (id: string) => unknown;

/** The native crypto if the matching version is installed and checks signatures, otherwise the bundled WASM one. */
export async function createRelayCrypto(
  logger: Logger,
  require: Require = createRequire(import.meta.url),
  loadNative: () => Promise<CryptoProvider> = createNativeCrypto,
): Promise<CryptoProvider> {
  if (!isNativeInstalled(require)) return WasmCrypto.create();
  try {
    const crypto = await loadNative();
    if (!checksSignatures(crypto)) throw new Error('It does not check signatures correctly.');
    logger.debug('Using native crypto for signatures', { package: nativePackage });
    return crypto;
  } catch (error) {
    logger.warn('Cannot use the installed native crypto; using WASM instead', {
      package: nativePackage,
      error,
    });
    return WasmCrypto.create();
  }
}

async function createNativeCrypto(): Promise<CryptoProvider> {
  const { NapiCrypto } = await import('cojson/crypto/NapiCrypto');
  return NapiCrypto.create();
}

/** A binary for another machine can load and fail only when it is called. */
function checksSignatures(crypto: CryptoProvider): boolean {
  const { signer, message, signature } = signed;
  return crypto.verify(signature, message, signer) && !crypto.verify(signature, `${message}s`, signer);
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
