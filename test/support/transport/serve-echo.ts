import type { TestProject } from 'vitest/node';
import { startEchoServer } from './echo-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The echo server's URL for tests in Chromium. */
    echoUrl: string;
  }
}

/** Vitest runs this once, in Node, around the browser tests. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startEchoServer();
  project.provide('echoUrl', server.url);
  return server.close;
}
