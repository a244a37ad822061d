import { transportsLater } from '../transport/ordinary-transports.ts';
import { createComingRelay } from './coming-relay.ts';
import { relayPart } from './relay-part.ts';
import type { SyncCode } from './sync-code.ts';
import type { Unloading, UnloadingOptions } from './unloading.ts';

/** What a node's sync takes, fetched while it runs: for an app that brings a node of its own. */
export const comingCode: SyncCode = {
  createTransports: transportsLater,
  createRelay: (options) => createComingRelay(options),
  unloadUnused: (options) => unloadLater(options),
  bringInOthersEdits: async (options) => (await relayPart.load()).bringInOthersEdits(options),
};

const againMs = 60_000;

/** Nothing is unused before it has been there for minutes, so that this may begin later. */
export function unloadLater(
  options: UnloadingOptions,
  loadPart: typeof relayPart.load = () => relayPart.load(),
): Unloading {
  let unloading: Unloading | undefined;
  let hasEnded = false;
  let cancel = () => {};

  function begin(): void {
    loadPart().then(
      ({ unloadUnused }) => {
        if (!hasEnded) unloading = unloadUnused(options);
      },
      () => {
        if (!hasEnded) cancel = options.clock.after(againMs, begin);
      },
    );
  }

  begin();
  return {
    end() {
      hasEnded = true;
      cancel();
      unloading?.end();
    },
  };
}
