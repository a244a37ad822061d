import { createLazyModule } from '../../base/lazy-module.ts';
import type { DeliveryParts } from './keep-deliveries.ts';

/** Few apps use it. */
const keepDeliveriesModule = /* @__PURE__ */ createLazyModule(() => import('./keep-deliveries.ts'));

/** `keepDeliveries`, once its code is there. */
export function followAfterLastTab(parts: DeliveryParts): (isSignedOut: boolean) => void {
  let end: ((isSignedOut: boolean) => void) | undefined;
  let isEnded = false;

  function load(): void {
    // A failure is not fatal: the next network loads it again.
    keepDeliveriesModule.load().then(
      ({ keepDeliveries }) => {
        if (!isEnded) end ??= keepDeliveries(parts);
      },
      () => {},
    );
  }

  load();
  const stop = parts.platform.page.on('online', load);
  return (isSignedOut) => {
    isEnded = true;
    stop();
    end?.(isSignedOut);
  };
}
