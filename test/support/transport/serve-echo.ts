import type { TestProject } from 'vitest/node';
import { startEchoServer } from './echo-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the tests in Chromium find the echo server. */
    echoUrl: string;
  }
}

/** Vitest runs this once, in Node, around the tests of the browser. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startEchoServer();
  project.provide('echoUrl', server.url);
  return server.close;
}
