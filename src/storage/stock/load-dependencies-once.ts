import { type DBClientInterfaceAsync, StorageApiAsync } from 'cojson';

type Load = StorageApiAsync['loadCoValue'];

/**
 * CoValues loaded concurrently often depend on the same group, which stock storage would read once for each. Here they all
 * wait for the first read. This cannot deadlock: a CoValue counts as read before it waits for its dependencies, and stock
 * storage never loads a dependency that has been read.
 */
export class LoadOnceStorage extends StorageApiAsync {
  readonly #loading = new Map<string, Promise<boolean>>();
  readonly #onFailed: (error: unknown) => void;

  constructor(client: DBClientInterfaceAsync, onFailed: (error: unknown) => void) {
    super(client);
    this.#onFailed = onFailed;
  }

  /** Rejects if the CoValue itself cannot be read. */
  override load(...args: Parameters<Load>): Promise<void> {
    return super.loadCoValue(...args);
  }

  /** Called by the base class for dependencies only. */
  override async loadCoValue(...[id, callback, done]: Parameters<Load>): Promise<void> {
    let isFound = false;
    const read = async () => {
      try {
        await super.loadCoValue(id, callback, (found) => (isFound = found));
      } catch (error) {
        this.#onFailed(error);
      }
      this.#loading.delete(id);
      return isFound;
    };
    const first = this.#loading.get(id) ?? read();
    this.#loading.set(id, first);
    done(await first);
  }
}
