import { expect, it, onTestFinished } from 'vitest';
import { openMemoryDatabase } from '../../src/relay/relay.ts';
import { startTestRelay } from '../../src/testing/test-relay.ts';
import { createTestSession } from '../../src/testing/test-session.ts';
import { memoryTemplate } from '../support/relay/temporary-storage.ts';
import { runExample } from './examples.ts';

it('[TEST-5] the documented test of an app without its relay passes', async () => {
  const relay = await startTestRelay(async () => openMemoryDatabase({ template: await memoryTemplate() }));
  onTestFinished(() => relay.close());
  const tests: (() => Promise<void>)[] = [];
  runExample(
    'relay.stop()',
    { relay },
    { expect, createTestSession, it: (_: string, test: () => Promise<void>) => tests.push(test) },
  );
  expect(tests).toHaveLength(1);
  await tests[0]?.();
});
