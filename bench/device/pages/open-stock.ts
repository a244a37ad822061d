import { openStockAccount } from '../../harness/stock-account.ts';
import { offerReading } from './measure-work.ts';

offerReading(openStockAccount());
