import { systemClock, type Clock } from '../base/clock.ts';
import { createKernelError } from '../base/kernel-error.ts';
import { createRandom } from '../base/seeded-random.ts';
import { closedHere } from './closed-here.ts';
import { checkPlan, momentOf, type FaultDone, type FaultPlan } from './faults/fault-plan.ts';
import { createFaultyWay } from './faults/faulty-way.ts';
import type { Channel, Transport } from './transport.ts';

export { checkPlan } from './faults/fault-plan.ts';
export type { FaultDone, FaultPlan, Span, WayFaults } from './faults/fault-plan.ts';

/** Late frames arrive after this time if no channel follows. */
const maxLingerMs = 10_000;

/** Late frames of broken channels, sent once the relay's next channel has carried a frame in that direction. */
interface Leftovers {
  readonly down: string[];
  readonly up: (() => void)[];
}

/**
 * A transport that fails as the plan says, and otherwise carries what `inner` carries. For tests and for trying an app out:
 * its faults are detected and repaired like real ones. `clock` times the faults; default: the system's. `done` is called
 * with each fault.
 */
export function faultyTransport(
  inner: Transport,
  plan: FaultPlan,
  {
    clock = systemClock,
    done = () => {},
  }: { readonly clock?: Clock; readonly done?: (what: FaultDone) => void } = {},
): Transport {
  checkPlan(plan);
  const sinceMs = clock.nowMs();
  let openedCount = 0;
  const leftAt = new Map<string, Leftovers>();

  return {
    name: inner.name,
    open(url, on) {
      // Separate random numbers for each channel and direction, so that traffic in one does not change faults in
      // another.
      const [upSeed, downSeed, channelRandom] = seedsOf(plan.seed, openedCount++);
      const left = leftAt.get(url.href) ?? { down: [], up: [] };
      leftAt.set(url.href, left);
      let channel: Channel | undefined;
      let isOpen = false;
      let hasEnded = false;
      let isLingering = false;
      let cancelLife = () => {};

      const up = createFaultyWay({
        faults: plan.up ?? {},
        random: createRandom(upSeed),
        clock,
        sinceMs,
        done,
        arrived(frame) {
          channel?.send(frame);
          for (const sendLate of left.up.splice(0)) sendLate();
        },
        breakChannel,
      });
      const down = createFaultyWay({
        faults: plan.down ?? {},
        random: createRandom(downSeed),
        clock,
        sinceMs,
        done,
        arrived(frame) {
          on.received(frame);
          for (const late of left.down.splice(0)) if (!hasEnded) on.received(late);
        },
        breakChannel,
      });

      function breakChannel(): void {
        if (!hasEnded) done('broken');
        end(() => on.closed(brokenByPlan(url)));
      }

      function refuse(): void {
        done('refused');
        end(() => on.closed(brokenByPlan(url)));
      }

      function opened(): void {
        if (hasEnded) return;
        isOpen = true;
        on.opened();
        const lifeMs = plan.lifeMs === undefined ? Infinity : momentOf(plan.lifeMs, channelRandom());
        if (Number.isFinite(lifeMs)) cancelLife = clock.after(lifeMs, breakChannel);
      }

      function end(notify: () => void, code?: number, reason?: string): void {
        if (hasEnded) return;
        hasEnded = true;
        isOpen = false;
        cancelLife();
        left.down.push(...down.end());
        const late = up.end();
        isLingering = late.length > 0;
        if (isLingering) linger(late);
        else channel?.close(code, reason);
        notify();
      }

      /** Keeps the relay's side of this channel open until the late frames are sent on it. */
      function linger(frames: readonly string[]): void {
        const cancel = clock.after(maxLingerMs, sendLate);
        left.up.push(sendLate);

        function sendLate(): void {
          cancel();
          if (isLingering) for (const frame of frames) channel?.send(frame);
          isLingering = false;
          channel?.close();
        }
      }

      if (channelRandom() < (plan.refuse ?? 0)) queueMicrotask(refuse);
      else {
        channel = inner.open(url, {
          opened: () => down.whenThrough(opened),
          received: down.take,
          closed(error) {
            isLingering = false;
            if (hasEnded) return;
            down.whenThrough(() => end(() => on.closed(error)));
          },
        });
      }

      return {
        send(frame) {
          if (isOpen) up.take(frame);
        },
        get bufferedBytes() {
          return hasEnded ? 0 : up.heldLength + (channel?.bufferedBytes ?? 0);
        },
        close: (code, reason) => end(() => on.closed(closedHere()), code, reason),
      };
    },
  };
}

function seedsOf(seed: number, channel: number): [up: number, down: number, channel: () => number] {
  const random = createRandom(seed + channel * 0x9e3779b1);
  const nextInteger = () => Math.floor(random() * 2 ** 32);
  return [nextInteger(), nextInteger(), random];
}

function brokenByPlan({ host }: URL) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `A fault plan broke the connection to the relay at ${host}. Reconnecting automatically; without the plan, it would have stayed open.`,
    { details: { byFaultPlan: true } },
  );
}
