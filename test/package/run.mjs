import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { createExpectedError } from '../../scripts/expected-error.mjs';

/** @typedef {{ cwd: string, env?: Record<string, string> }} Where */

/** Runs a command to its end; throws if it fails. @param {string} command @param {string[]} args @param {Where} where */
export function run(command, args, { cwd, env }) {
  console.log(`$ ${command} ${args.join(' ')}`);
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) throw createExpectedError(`${command} ${args.join(' ')} failed in ${cwd}.`);
}

/**
 * Starts a program of the app that runs until it is closed, and waits until a line of its output says it is ready.
 * @param {string} path @param {string[]} args @param {Where & { ready: RegExp }} where
 */
export async function start(path, args, { cwd, env, ready }) {
  const child = spawn(path, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  /** @type {string[]} */
  const lines = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (ready.test(line)) {
      child.stdout.resume();
      return {
        /** @param {NodeJS.Signals} signal */
        async close(signal) {
          child.kill(signal);
          await exit;
        },
      };
    }
  }
  throw createExpectedError(`${path} ended before it was ready:\n${lines.join('\n')}`);
}

/** @returns {Promise<number>} a port that was free a moment ago */
export async function freePort() {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return address.port;
}
