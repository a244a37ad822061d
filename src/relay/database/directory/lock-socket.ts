import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { hasCode } from './has-code.ts';
import { randomName } from '../random-name.ts';

/** A Unix socket that shows whether its process lives: the kernel accepts connections even while the process is stopped. */
export interface LockSocket {
  /** The name of its file in the directory. */
  readonly name: string;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** Of macOS; Linux allows four bytes more. */
const maxPathBytes = 103;

/** Undefined if the file system or the operating system has no such sockets. */
export async function openLockSocket(directory: string): Promise<LockSocket | undefined> {
  const name = `.lock-${randomName()}`;
  const server = createServer((socket) => socket.destroy());
  try {
    // In a worker of Node's `cluster`, the primary process would listen, and outlive this one.
    await withShortPath(directory, name, (path) =>
      once(server.listen({ path, exclusive: true }), 'listening'),
    );
  } catch {
    return undefined;
  }
  // A connection that could not be accepted is closed again, and the probe has its answer.
  server.on('error', () => {});
  return {
    name,
    async close() {
      server.close();
      await rm(join(directory, name), { force: true });
    },
  };
}

/** Call it only where the kernel of this process is that of the listener; any other answers `free`. */
export async function probeLockSocket(directory: string, name: string): Promise<'held' | 'free' | 'unknown'> {
  try {
    await withShortPath(directory, name, async (path) => {
      const socket = connect(path);
      try {
        await once(socket, 'connect');
      } finally {
        socket.destroy();
      }
    });
    return 'held';
  } catch (error) {
    // EAGAIN: a stopped process has a full queue of connections.
    if (hasCode(error, 'EAGAIN')) return 'held';
    return hasCode(error, 'ECONNREFUSED') ? 'free' : 'unknown';
  }
}

/** Runs with a path to the file that is short enough for a socket, however deep the directory is. */
async function withShortPath<T>(
  directory: string,
  name: string,
  run: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= maxPathBytes) return run(path);
  const handle = await open(directory);
  try {
    // Linux has this path. Elsewhere, the socket fails, and the lock does without.
    return await run(`/proc/self/fd/${handle.fd}/${name}`);
  } finally {
    await handle.close();
  }
}
