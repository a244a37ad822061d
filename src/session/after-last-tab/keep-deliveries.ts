import type { LocalNode } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { browserServiceWorkers, type ServiceWorkers } from '../../platform/service-workers.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import { isThisMachine, readRelayAuths, readRelayTargets } from '../../sync/relay-targets.ts';
import { relayNames } from '../../sync/relay-names.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import { createDeliveryPlans, type PlannedRelay } from '../../worker/delivery-plans.ts';
import { syncTag } from '../../worker/handshake.ts';
import { setDelivered } from '../../worker/delivered-nodes.ts';
import { getTicket } from './get-ticket.ts';
import { hasHelper } from './has-helper.ts';
import { keepTicket, type TicketKeeper } from './keep-tickets.ts';

export interface DeliveryParts {
  readonly platform: Pick<Platform, 'clock' | 'page' | 'fetch' | 'indexedDB'>;
  readonly node: LocalNode;
  readonly accountID: string;
  readonly storage: Pick<DeviceStorage, 'status'>;
  readonly sync: SyncPeers;
  readonly options: SyncOptions;
  readonly logger: Logger;
  /** Default: the page's. */
  readonly workers?: ServiceWorkers | undefined;
}

/**
 * Keeps a plan for the service worker, and has the browser start it once there is a network, whenever edits are pending
 * without a connection or in a page that is left. Returns a function that ends this, and after a sign-out deletes
 * the plan.
 */
export function keepDeliveries(parts: DeliveryParts): (isSignedOut: boolean) => void {
  const { platform, node, accountID, storage, sync, logger } = parts;
  const { clock, page, indexedDB } = platform;
  const ends: (() => void)[] = [];
  let isEnded = false;

  async function begin(): Promise<void> {
    const { workers = browserServiceWorkers() } = parts;
    if (!workers || !indexedDB || storage.status.current.kind !== 'kernel') return;
    const { sync: background, active } = await workers.ready;
    if (!background || isEnded || !(await hasHelper({ active }, clock)) || isEnded) return;
    const plans = createDeliveryPlans(indexedDB);
    const relays = plannedRelays(parts.options);
    await plans.put({ v: 1, accountID, relays });
    if (isEnded) return;
    const keepers = ticketKeepers(relays, plans);
    let isRegistered = false;

    async function register(): Promise<void> {
      isRegistered = true;
      try {
        await background?.register(syncTag);
        setDelivered(node, isRegistered && !isEnded);
      } catch (error) {
        isRegistered = false;
        logger.debug('The browser refuses Background Sync', { error });
      }
    }

    const isPending = () =>
      sync.current.confirmed.pending > 0 && !['paused', 'off'].includes(sync.current.status);

    function check(): void {
      const { peers } = sync.current;
      for (const { id, phase, url } of peers) if (phase === 'connected') keepers.get(id)?.refresh(url);
      const isConnected = peers.every(({ phase }) => phase === 'connected');
      if (!isPending() || isConnected) {
        isRegistered = false;
        setDelivered(node, false);
      } else if (!isRegistered) void register();
    }

    function left(): void {
      if (isPending()) void register();
    }

    ends.push(
      sync.subscribe(check),
      page.on('hidden', left),
      page.on('hide', left),
      () => [...keepers.values()].forEach((keeper) => keeper.close()),
      () => setDelivered(node, false),
    );
  }

  function ticketKeepers(
    relays: readonly PlannedRelay[],
    plans: ReturnType<typeof createDeliveryPlans>,
  ): ReadonlyMap<string, TicketKeeper> {
    const auths = readRelayAuths(parts.options);
    const { appVersion } = parts.options;
    return new Map(
      relays.flatMap(({ relayID }, index) => {
        const auth = auths[index];
        if (!auth) return [];
        const keeper = keepTicket({
          read: async () =>
            (await plans.get(accountID))?.relays.find((one) => one.relayID === relayID)?.ticket,
          get: async (address) => {
            const url = new URL(address);
            if (!mayCarrySecrets(url)) return undefined;
            return getTicket({ url, auth, node, accountID, appVersion, fetch: platform.fetch });
          },
          keep: (ticket) => plans.keepTicket(accountID, relayID, ticket),
          clock,
          logger,
        });
        return [[relayID, keeper] as const];
      }),
    );
  }

  begin().catch((error: unknown) =>
    logger.warn('The service worker cannot deliver edits after the last tab', { error }),
  );

  return (isSignedOut) => {
    isEnded = true;
    for (const end of ends.splice(0)) end();
    if (isSignedOut && indexedDB)
      createDeliveryPlans(indexedDB)
        .remove(accountID)
        .catch(() => {});
  };
}

function plannedRelays(options: SyncOptions): readonly PlannedRelay[] {
  const targets = readRelayTargets(options);
  const auths = readRelayAuths(options);
  const { appVersion } = options;
  return relayNames(targets.map(([url]) => url)).map((relayID, index) => ({
    relayID,
    urls: (targets[index] ?? [])
      .filter((url) => !auths[index] || mayCarrySecrets(new URL(url)))
      .map((url) => url.replace(/^ws/, 'http')),
    ...(appVersion !== undefined && { appVersion }),
  }));
}

/** As for signing in on a connection. */
function mayCarrySecrets({ protocol, hostname }: URL): boolean {
  return protocol === 'wss:' || isThisMachine(hostname);
}
