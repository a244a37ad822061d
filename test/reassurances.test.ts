import { expect, it } from 'vitest';
import { allIsWell } from '../e2e/support/reassurances.ts';

it.each([
  'Everything is confirmed by localhost:4210',
  'Nothing to confirm',
  'All edits from this device are durable at every relay',
  'No edit by this account is waiting on this device',
  'Nothing.',
])('%j counts as a reassurance, as the panel words it', (sentence) => {
  expect(sentence).toMatch(allIsWell);
});

it.each(['everything else is confirmed by localhost:4210', 'Nothing. Sync continues automatically.'])(
  '%j does not',
  (sentence) => expect(sentence).not.toMatch(allIsWell),
);
