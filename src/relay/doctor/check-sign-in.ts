import { isKernelError } from '../../base/kernel-error.ts';
import { readKeySet } from '../auth/read-key-set.ts';
import { readAuth } from '../auth/sign-in-methods.ts';
import type { RelayOptions } from '../config/relay-options.ts';
import { readQuota } from '../quota/quota.ts';
import { fine, wrong, type Finding } from './finding.ts';

/** Reports whether clients could sign in; nothing if they need not. */
export async function checkSignIn(options: RelayOptions): Promise<readonly Finding[]> {
  try {
    const auth = readAuth(options);
    readQuota(options.quota ?? {}, auth !== undefined);
    if (!auth) return [];
    return [
      ...(auth.jwksUrl ? [await checkKeys(auth.jwksUrl)] : []),
      ...(auth.account ? [checkProofs(options)] : []),
    ];
  } catch (error) {
    if (isKernelError(error)) return [wrong('sign-in', error.message)];
    throw error;
  }
}

/** Without public addresses, a proof counts only if the client dialled an address of this machine. */
function checkProofs({ publicUrls = [], trustProxy = false }: RelayOptions): Finding {
  if (publicUrls.length > 0) return fine('sign-in', 'Clients can prove their account.');
  const advice = 'Set PUBLIC_URLS to the addresses that they dial, such as wss://relay.example.org/sync.';
  return trustProxy
    ? wrong('sign-in', `Clients cannot prove their account through the proxy. ${advice}`)
    : fine(
        'sign-in',
        `Clients on this machine can prove their account, but none that reaches the relay through a proxy. If there is one: ${advice}`,
      );
}

async function checkKeys(url: URL): Promise<Finding> {
  try {
    const { keys } = await readKeySet(url);
    const usable = keys.filter(({ kty, crv }) => crv === (kty === 'OKP' ? 'Ed25519' : 'P-256')).length;
    if (usable > 0)
      return fine('sign-in', `The identity server publishes ${usable} keys for EdDSA or ES256.`);
    return wrong(
      'sign-in',
      'The key set of the identity server has no key for EdDSA or ES256, so no token counts. Let it sign with one of these.',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong(
      'sign-in',
      `The key set at ${url.host} cannot be read, so nobody can sign in: ${reason.replace(/\.?$/, '.')} Check JWKS_URL and the network.`,
    );
  }
}
