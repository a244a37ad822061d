import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

/** The error for an edit made while the page's session ID is released. */
export function sessionFrozen(): KernelError {
  return createKernelError(
    'SESSION_TAKEN',
    'The browser froze this page, and another tab may have continued its session. Wait a moment and make the edit again; if the session’s `replaced` event fires, make it in the session that the event delivers.',
  );
}

export function sessionTaken(cause: unknown): KernelError {
  return createKernelError(
    'SESSION_TAKEN',
    'Another tab, or a copy of this browser profile, continued this page’s session, and a new session could not be opened here. Everything that was saved is kept. Reload the page.',
    { cause },
  );
}
