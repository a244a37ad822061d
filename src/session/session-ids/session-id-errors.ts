import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

/** Why an edit is refused while the page's session id is given up. */
export function sessionSetAside(): KernelError {
  return createKernelError(
    'SESSION_TAKEN',
    'The browser had set this page aside, and another tab may have gone on with its session. Wait a moment and make the edit again; where the session’s `replaced` event comes, make it in the session that it brings.',
  );
}

export function sessionTaken(cause: unknown): KernelError {
  return createKernelError(
    'SESSION_TAKEN',
    'Another tab, or a copy of this browser profile, went on with this page’s session, and a new one could not be opened here. Everything that was saved is kept. Reload the page.',
    { cause },
  );
}
