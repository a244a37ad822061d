import { resumeSession, signUpWithPasskey, type SessionOptions } from '@MaiaOS/kernel';
import './main.ts';

/** Opens accounts whose edits a service worker sends after the last tab. `bareApp` does everything else. */
export interface DeliveryApp {
  signUp(url: string): Promise<void>;
  resume(url: string): Promise<void>;
}

declare global {
  var deliveryApp: DeliveryApp;
}

const options = (url: string): SessionOptions => ({
  sync: { url, auth: 'account' },
  deliverAfterLastTab: true,
});

globalThis.deliveryApp = {
  async signUp(url) {
    await navigator.serviceWorker.register('/delivery-worker.ts', { type: 'module' });
    await signUpWithPasskey(options(url));
  },
  async resume(url) {
    await resumeSession(options(url));
  },
};
