import { expect, it } from 'vitest';
import { fakeDocument, runExample } from './examples.ts';

interface Told {
  readonly download: { readonly received: number; readonly expected?: number; readonly caughtUp: boolean };
}

it('README.md’s progress bar shows what arrives, and goes when all is there', () => {
  const bar = { hidden: false, max: 1, value: 0 };
  const { document, shown } = fakeDocument(bar);
  let tell: (state: Told) => void = () => {
    throw new Error('Nobody listens.');
  };
  runExample(
    "createElement('progress')",
    { document },
    { subscribeSyncState: (listener: typeof tell) => (tell = listener) },
  );
  expect(shown).toEqual([bar]);

  tell({ download: { received: 0, expected: 0, caughtUp: false } });
  expect(bar.hidden).toBe(true);
  tell({ download: { received: 412, expected: 1_860, caughtUp: false } });
  expect(bar).toEqual({ hidden: false, max: 1_860, value: 412 });
  tell({ download: { received: 1_860, expected: 1_860, caughtUp: true } });
  expect(bar.hidden).toBe(true);
});
