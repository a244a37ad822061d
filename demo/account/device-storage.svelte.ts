/** What the browser says about all that Lists keeps in it. Undefined where it does not say. */
export interface BrowserStorage {
  readonly usedBytes: number | undefined;
  readonly quotaBytes: number | undefined;
  /** False: it may be cleared when space runs low. */
  readonly isPersisted: boolean | undefined;
  /** The browser decides, and may ask the person. True where it will not clear it by itself. */
  askToKeep(): Promise<boolean>;
}

/** Asks when the component that calls it is shown, and again after an answer. */
export function createBrowserStorage(storage: StorageManager | undefined): BrowserStorage {
  let usedBytes = $state<number>();
  let quotaBytes = $state<number>();
  let isPersisted = $state<boolean>();

  async function look() {
    if (!storage) return;
    // A browser may refuse to tell, as it does for pages of some origins; then nothing is claimed.
    const [estimate, persisted] = await Promise.allSettled([storage.estimate(), storage.persisted()]);
    usedBytes = estimate.status === 'fulfilled' ? estimate.value.usage : undefined;
    quotaBytes = estimate.status === 'fulfilled' ? estimate.value.quota : undefined;
    isPersisted = persisted.status === 'fulfilled' ? persisted.value : undefined;
  }

  $effect(() => void look());

  return {
    get usedBytes() {
      return usedBytes;
    },
    get quotaBytes() {
      return quotaBytes;
    },
    get isPersisted() {
      return isPersisted;
    },
    async askToKeep() {
      const answer = (await storage?.persist()) ?? false;
      await look();
      return answer;
    },
  };
}
