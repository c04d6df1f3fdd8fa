// Scripts of the phone's pages; each part starts where its data attribute is.

import { startEverywhere } from "../dom.js";
import "../forms.js";
import { startCards } from "./cards.js";
import { startDrafts } from "./drafts.js";
import { startKeptPage } from "./kept_page.js";
import { startMarks } from "./marks.js";
import { startMoves } from "./moves.js";
import { startNear } from "./near.js";
import { keepPages } from "./pages.js";
import { startPatrol } from "./patrol.js";
import { startPlaces } from "./places.js";
import { startQueue } from "./queue.js";
import { startQueueList } from "./queue_list.js";
import { startReport } from "./report.js";
import { startInstall, startShown } from "./shown.js";
import { startUnsent } from "./unsent.js";
import { startWays } from "./ways.js";
import { startWorker } from "./worker.js";

startInstall(document);
startShown(document);
startPlaces(document);
startMarks();
startReport(document);
startMoves();
startDrafts(document);
startUnsent(document);
startNear(document);
startEverywhere(startCards);
startEverywhere(startWays);
startQueueList(document);
startKeptPage(document);
startQueue().then(() => document.querySelector("form.form, form.report") || keepPages());
startPatrol(document);
startWorker();
