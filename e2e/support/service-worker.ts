import type { Browser } from '@playwright/test';

/** The network as Chromium's Background Sync sees it, which a page's `setOffline` does not change. */
export interface WorkerNetwork {
  setOffline(isOffline: boolean): Promise<void>;
}

/** Attaches to the service worker of an origin, which then does not end while it is idle. */
export async function workerNetworkOf(browser: Browser, origin: string): Promise<WorkerNetwork> {
  const cdp = await browser.newBrowserCDPSession();
  const { targetInfos } = await cdp.send('Target.getTargets');
  const worker = targetInfos.find(({ type, url }) => type === 'service_worker' && url.startsWith(origin));
  if (!worker) throw new Error(`${origin} has no service worker.`);
  const { sessionId } = await cdp.send('Target.attachToTarget', {
    targetId: worker.targetId,
    flatten: false,
  });
  let id = 0;

  /** Playwright opens CDP sessions only for pages and frames. */
  function send(method: string, params: object = {}): Promise<void> {
    const call = ++id;
    return new Promise((resolve, reject) => {
      const answered = ({ message }: { message: string }) => {
        const answer = JSON.parse(message) as { id?: number; error?: { message: string } };
        if (answer.id !== call) return;
        cdp.off('Target.receivedMessageFromTarget', answered);
        if (answer.error) reject(new Error(answer.error.message));
        else resolve();
      };
      cdp.on('Target.receivedMessageFromTarget', answered);
      const message = JSON.stringify({ id: call, method, params });
      cdp.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
    });
  }

  await send('Network.enable');
  return {
    setOffline: (offline) =>
      send('Network.emulateNetworkConditions', {
        ...{ offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 },
      }),
  };
}
