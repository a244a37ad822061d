import type { Clock } from '../../base/clock.ts';
import type { WorkerRegistration } from '../../platform/service-workers.ts';
import { isAnswer, question } from '../../worker/handshake.ts';

const answerMs = 10_000;

/** Whether the service worker has called `deliverAfterLastTab`. */
export function hasHelper({ active }: WorkerRegistration, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const end = (isThere: boolean) => {
      cancel();
      port1.close();
      resolve(isThere);
    };
    const cancel = clock.after(answerMs, () => end(false));
    port1.addEventListener('message', ({ data }) => end(isAnswer(data)));
    port1.start();
    active?.postMessage(question, [port2]);
  });
}
