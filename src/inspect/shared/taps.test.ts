import { expect, it } from 'vitest';
import type { FrameTap, SyncInspection } from '../../sync/inspection.ts';
import { listenToFrames } from './taps.ts';

it('sets the hook only while there are listeners, and notifies all of them', () => {
  let hook: FrameTap | undefined;
  const inspection = { setFrameTap: (tap: FrameTap | undefined) => (hook = tap) } as Partial<SyncInspection>;
  const heard: string[] = [];
  const stopOne = listenToFrames(inspection as SyncInspection, ({ kind }) => heard.push(`one ${kind}`));
  const stopOther = listenToFrames(inspection as SyncInspection, ({ kind }) => heard.push(`other ${kind}`));
  hook?.({ kind: 'opened', peerID: 'p', channel: 1, atMs: 1, transport: 'websocket' });
  stopOne();
  stopOne();
  hook?.({ kind: 'sent', peerID: 'p', channel: 1, atMs: 2, text: '{}' });
  stopOther();
  expect(heard).toEqual(['one opened', 'other opened', 'other sent']);
  expect(hook).toBeUndefined();
});
