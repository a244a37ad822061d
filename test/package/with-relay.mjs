import { join } from 'node:path';
import { freePort, start } from './run.mjs';

/**
 * Runs the packaged relay of an app, in memory, while `use` runs.
 * @template T @param {string} app @param {(host: string) => Promise<T>} use gets its host and port @returns {Promise<T>}
 */
export async function withRelay(app, use) {
  const port = await freePort();
  const relay = await start(join(app, 'node_modules/.bin/maia-relay'), [], {
    cwd: app,
    env: { PORT: String(port), SYNC_MAIA_STORAGE: 'memory' },
    ready: new RegExp(String(port)),
  });
  try {
    return await use(`localhost:${port}`);
  } finally {
    await relay.close('SIGTERM');
  }
}
