import type { StorageApiAsync } from 'cojson';

/**
 * Many CoValues that are loaded at once depend on one group, and the stock storage reads and hands out the group for each
 * of them that it gets to before the group is there. From here on all wait for the first.
 *
 * Nobody waits in a circle: the stock storage loads no dependency that it has read already, and a CoValue has been read
 * before it waits for what it depends on.
 */
export function loadDependenciesOnce(api: StorageApiAsync, onFailed: (error: unknown) => void): Load {
  const loadCoValue = api.loadCoValue.bind(api);
  const loading = new Map<string, Promise<boolean>>();

  async function load(id: string, callback: Parameters<Load>[1]): Promise<boolean> {
    let isFound = false;
    try {
      await loadCoValue(id, callback, (found) => (isFound = found));
    } catch (error) {
      onFailed(error);
    } finally {
      loading.delete(id);
    }
    return isFound;
  }

  // Called by itself only, for dependencies.
  api.loadCoValue = async (id, callback, done) => {
    const first = loading.get(id) ?? load(id, callback);
    loading.set(id, first);
    done(await first);
  };
  return loadCoValue;
}

type Load = StorageApiAsync['loadCoValue'];
