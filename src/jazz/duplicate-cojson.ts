import { AnonymousJazzAgent, Group } from 'jazz-tools';
import { createKernelError } from '../base/kernel-error.ts';
import type { Session } from '../session/session.ts';

/**
 * Throws COJSON_DUPLICATED if jazz-tools imports another copy of cojson than the one that opened the session: it does not
 * recognise the session's account, and takes it for that of a guest.
 */
export function assertSameCojson({ account }: Session): void {
  if (!(new Group({ fromRaw: account }).$jazz.loadedAs instanceof AnonymousJazzAgent)) return;
  throw createKernelError(
    'COJSON_DUPLICATED',
    'This app contains two copies of cojson, so jazz-tools does not recognise the session. Point `cojson` to `@MaiaOS/kernel/cojson`: with Vite, by the plugin `maiaKernel()`.',
  );
}
