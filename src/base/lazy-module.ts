import { createKernelError, type KernelError } from './kernel-error.ts';

export interface LazyModule<T> {
  /** Fetches the module once per page. Rejects with KERNEL_NOT_LOADED on failure; the next call retries. */
  load(): Promise<T>;
}

export function createLazyModule<T>(fetchModule: () => Promise<T>): LazyModule<T> {
  let loading: Promise<T> | undefined;
  return {
    load() {
      loading ??= fetchModule().catch((cause: unknown) => {
        loading = undefined;
        throw notLoaded(cause);
      });
      return loading;
    },
  };
}

export function notLoaded(cause: unknown): KernelError {
  return createKernelError(
    'KERNEL_NOT_LOADED',
    'Part of the app could not be fetched: there is no network, or a newer version of the app has replaced it. Try again when you are online; if that does not help, reload the page.',
    { cause },
  );
}
