import { Server } from 'node:http';
import { describe, expect, it } from 'vitest';
import { isKernelError } from '../../base/kernel-error.ts';
import { checkExposure } from './exposure.ts';
import { isLocalAddress } from './local-address.ts';

const everyone = expect.stringContaining('SYNC_MAIA_OPEN') as string;
const metrics = expect.stringContaining('METRICS_PORT') as string;
const origins = ['https://app.example.org'];

describe('[RELAY-42] a relay that others reach', () => {
  it.each([
    [{}, []],
    [{ host: '127.0.0.2' }, []],
    [{ host: '::1' }, []],
    [{ host: 'localhost' }, []],
    [{ host: '0.0.0.0' }, [everyone, metrics]],
    [{ host: '::' }, [everyone, metrics]],
    [{ host: '10.0.0.1' }, [everyone, metrics]],
    [{ host: 'relay.internal' }, [everyone, metrics]],
    [{ server: new Server() }, [everyone, metrics]],
    [{ host: '0.0.0.0', origins }, [metrics]],
    [{ host: '0.0.0.0', open: true }, [metrics]],
    [{ host: '0.0.0.0', open: true, metricsPort: 9_464 }, []],
    [{ host: '0.0.0.0', metricsPort: 9_464 }, [everyone]],
  ])('warns of what nobody decided, with %j', (options, warnings) => {
    expect(checkExposure(options, false)).toEqual(warnings);
  });

  it('does not start in production unless somebody decided who may use it', () => {
    const start = (options: Parameters<typeof checkExposure>[0]) => () => checkExposure(options, true);
    for (const options of [{ host: '0.0.0.0' }, { server: new Server() }, { host: '::', metricsPort: 1 }]) {
      expect(start(options)).toThrow(
        expect.toSatisfy((error) => isKernelError(error, 'RELAY_SETTING_INVALID')),
      );
    }
    for (const options of [{}, { host: '0.0.0.0', origins }, { host: '0.0.0.0', open: true }]) {
      expect(start(options)).not.toThrow();
    }
  });
});

it.each([
  ['127.0.0.1', true],
  ['::ffff:10.1.2.3', true],
  ['172.31.0.1', true],
  ['172.32.0.1', false],
  ['100.64.0.1', true],
  ['fdaa:0:1::3', true],
  ['fe80::1%eth0', true],
  ['203.0.113.7', false],
  ['::ffff:203.0.113.7', false],
  ['2001:db8::1', false],
  ['', false],
])('[RELAY-42] the address %j is local: %j', (address, expected) => {
  expect(isLocalAddress(address)).toBe(expected);
});
