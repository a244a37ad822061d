import { mount, unmount } from 'svelte';
import { expect, it, onTestFinished } from 'vitest';
import type { PriorityQueue } from '../../src/inspect/snapshot/queue-facts.ts';
import type { PlotKind } from '../preferences.ts';
import PriorityLane from './PriorityLane.svelte';

/** The series end before the current second. */
function wordsOf(plot: PlotKind, depthPeak: number): string {
  const series = { endMs: 2_000, values: [4, 0] };
  const queue: PriorityQueue = {
    depth: { now: 0, peak: depthPeak },
    ...{ messagesPerSecond: 0, bytesPerSecond: 0, depths: series, messages: series },
  };
  const target = document.createElement('div');
  const lane = mount(PriorityLane, { target, props: { priority: 'high', queue, plot } });
  onTestFinished(() => unmount(lane));
  return target.textContent.replaceAll(/\s+/g, ' ').trim();
}

it('shows the peak of the waiting messages, and next to it no other peak without its unit', () => {
  expect(wordsOf('messages', 0)).toMatch(/^High 0 0 .*peak 4 sent\/s$/);
  expect(wordsOf('depths', 7)).toMatch(/^High 0 7 .*peak 7$/);
});
