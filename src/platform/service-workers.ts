/** The subset of `navigator.serviceWorker` that the kernel uses. */
export interface ServiceWorkers {
  /** Never resolves for a page without one. */
  readonly ready: Promise<WorkerRegistration>;
}

export interface WorkerRegistration {
  readonly active: { postMessage(message: object, transfer: Transferable[]): void } | null;
  /** Absent if the browser has no Background Sync. Rejects if the user has forbidden it. */
  readonly sync?: { register(tag: string): Promise<void> };
}

/** Undefined outside a secure context, and in a private window of some browsers. */
export function browserServiceWorkers(): ServiceWorkers | undefined {
  if (!('document' in globalThis)) return undefined;
  try {
    // Throws in a sandboxed page.
    return (navigator as { readonly serviceWorker?: ServiceWorkers }).serviceWorker;
  } catch {
    return undefined;
  }
}
