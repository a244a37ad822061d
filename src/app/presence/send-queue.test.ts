import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createSendQueue } from './send-queue.ts';

it('[PRES-10] sends at once, then 20 times a second, by turns', () => {
  const clock = createFakeClock();
  const queue = createSendQueue(clock);
  const sent: string[] = [];
  const [one, two] = [() => void sent.push('one'), () => void sent.push('two')];
  for (let ms = 0; ms < 1_000; ms += 5) {
    queue.add(one);
    queue.add(two);
    clock.advance(5);
  }
  expect(sent.length).toBeGreaterThanOrEqual(20);
  expect(sent.length).toBeLessThanOrEqual(21);
  expect(sent.slice(0, 4)).toEqual(['one', 'two', 'one', 'two']);
});

it('sends nothing for a room that was left, and nothing after its end', () => {
  const clock = createFakeClock();
  const queue = createSendQueue(clock);
  const sent: string[] = [];
  const [one, two] = [() => void sent.push('one'), () => void sent.push('two')];
  queue.add(one);
  queue.add(two);
  queue.remove(two);
  clock.advance(100);
  queue.add(one);
  queue.add(two);
  queue.close();
  clock.advance(1_000);
  expect(sent).toEqual(['one', 'one']);
});
