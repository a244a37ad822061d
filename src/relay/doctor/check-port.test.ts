import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../test/support/relay/free-port.ts';
import { checkOtherPorts, checkPort } from './check-port.ts';

const host = '127.0.0.1';

async function takePort(answer = 'not a relay'): Promise<number> {
  const other: Server = createServer((_, response) => response.end(answer)).listen(0, host);
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  return (other.address() as AddressInfo).port;
}

it('reports the ports of the metrics and of the admin API that another program has', async () => {
  const [metricsPort, adminPort] = [await takePort(), await takePort()];
  const findings = await checkOtherPorts({ host, metricsPort, adminPort }, false);
  expect(findings).toEqual([
    {
      isWrong: true,
      subject: 'port',
      text: `${metricsPort} on 127.0.0.1, for the metrics, is in use by another program. Stop that program, or choose another METRICS_PORT.`,
    },
    {
      isWrong: true,
      subject: 'port',
      text: `${adminPort} on 127.0.0.1, for the admin API, is in use by another program. Stop that program, or choose another ADMIN_PORT.`,
    },
  ]);
});

it('reports those ports as free, and leaves them to a relay that is running', async () => {
  const metricsPort = await freePort();
  expect(await checkOtherPorts({ host, metricsPort }, false)).toEqual([
    { isWrong: false, subject: 'port', text: `${metricsPort} on 127.0.0.1, for the metrics, is free.` },
  ]);
  expect(await checkOtherPorts({ host, metricsPort: await takePort() }, true)).toEqual([]);
  expect(await checkOtherPorts({ host }, false)).toEqual([]);
});

it('reports that another relay would need another port', async () => {
  const port = await takePort('{"ready":true,"status":"ok"}');
  expect(await checkPort(host, port)).toEqual({
    finding: {
      isWrong: false,
      subject: 'port',
      text: `A relay is running on ${port} on 127.0.0.1 and reports the status ok. To start another one beside it, choose another --port.`,
    },
    isOurs: true,
  });
});
