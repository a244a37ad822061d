import type { Clock } from '../base/clock.ts';
import { transportsLater } from '../transport/ordinary-transports.ts';
import { createComingRelay } from './coming-relay.ts';
import type * as relayCode from './relay-code.ts';
import { relayPart } from './relay-part.ts';
import type { SyncCode } from './sync-code.ts';

/**
 * What a node's sync takes, fetched while it runs: for an app that brings a node of its own. Nothing is unused
 * before it has been there for minutes, and nothing comes from a relay before this has, so that both may begin later.
 */
export const comingCode: SyncCode = {
  createTransports: transportsLater,
  createRelay: (options) => createComingRelay(options),
  unloadUnused: (options) => beginLater(options.clock, (code) => code.unloadUnused(options)),
  paceReleases: (node, pacer, clock) => beginLater(clock, (code) => code.paceReleases(node, pacer)),
  bringInOthersEdits: async (options) => (await relayPart.load()).bringInOthersEdits(options),
};

const againMs = 5_000;

/** Begins what goes on until it is ended, once its code is there. */
export function beginLater(
  clock: Clock,
  begin: (code: typeof relayCode) => { end(): void },
  loadPart: typeof relayPart.load = () => relayPart.load(),
): { end(): void } {
  let running: { end(): void } | undefined;
  let hasEnded = false;
  let cancel = () => {};

  function load(): void {
    loadPart().then(
      (code) => {
        if (!hasEnded) running = begin(code);
      },
      () => {
        if (!hasEnded) cancel = clock.after(againMs, load);
      },
    );
  }

  load();
  return {
    end() {
      hasEnded = true;
      cancel();
      running?.end();
    },
  };
}
