import { createKernelError } from '../base/kernel-error.ts';

/** Code of the kernel that a page fetches when it needs it, and not before. */
export interface Part<T> {
  /**
   * Fetches it once for the page's life. Rejects with KERNEL_NOT_LOADED where it cannot be fetched; the next call tries
   * again.
   */
  load(): Promise<T>;
}

export function createPart<T>(fetchPart: () => Promise<T>): Part<T> {
  let loading: Promise<T> | undefined;
  return {
    load() {
      loading ??= fetchPart().catch((cause: unknown) => {
        loading = undefined;
        throw notLoaded(cause);
      });
      return loading;
    },
  };
}

function notLoaded(cause: unknown) {
  return createKernelError(
    'KERNEL_NOT_LOADED',
    'A part of the app could not be fetched: there is no network, or a newer version of the app took its place. Try again with a network; if that does not help, reload the page.',
    { cause },
  );
}
