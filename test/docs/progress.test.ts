import { expect, it } from 'vitest';
import { fakeDocument, runExample } from './examples.ts';

interface Progress {
  readonly download: { readonly received: number; readonly expected?: number; readonly caughtUp: boolean };
}

it('the documented progress bar shows what has arrived, and hides when nothing is missing', () => {
  const bar = { hidden: false, max: 1, value: 0 };
  const { document, shown } = fakeDocument(bar);
  let publish: (state: Progress) => void = () => {
    throw new Error('The example has not subscribed.');
  };
  runExample(
    "createElement('progress')",
    { document },
    { subscribeSyncState: (listener: typeof publish) => (publish = listener) },
  );
  expect(shown).toEqual([bar]);

  publish({ download: { received: 0, expected: 0, caughtUp: false } });
  expect(bar.hidden).toBe(true);
  publish({ download: { received: 412, expected: 1_860, caughtUp: false } });
  expect(bar).toEqual({ hidden: false, max: 1_860, value: 412 });
  publish({ download: { received: 1_860, expected: 1_860, caughtUp: true } });
  expect(bar.hidden).toBe(true);
});
