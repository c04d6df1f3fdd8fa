// Scripts of the phone's pages; each part starts where its data attribute is.

import "../forms.js";
import { startQueue } from "./queue.js";
import { startQueueList } from "./queue_list.js";
import { startReport } from "./report.js";
import { startWorker } from "./worker.js";

startReport(document);
startQueueList(document);
startQueue();
startWorker();
