// Harmonize the selected staff, or the first, by the studio of chorale.
//
// Works in MuseScore 3.5 and later and in MuseScore 4, where plugins can neither save
// nor open scores: the melody is read note by note, and three parts are added.

import QtQuick 2.9
import MuseScore 3.0

MuseScore {
    id: plugin
    version: "1.0"
    description: "Write alto, tenor and bass for a melody. Start `chorale studio` first."
    menuPath: "Plugins.Harmonize (chorale)"
    pluginType: "dialog"
    requiresScore: true
    width: 420
    height: 160

    //4.4 title: "Harmonize (chorale)"
    //4.4 categoryCode: "composing-arranging-tools"

    // The port of the studio, as `chorale studio` prints it.
    property int port: 1685
    property string voice: "soprano"
    // Pieces drawn, of which the best is kept.
    property int best_of: 2

    readonly property var names: ["soprano", "alto", "tenor", "bass"]
    // Lengths of single notes in sixteenths, the longest first.
    readonly property var plain: [24, 16, 12, 8, 6, 4, 3, 2, 1]

    Component.onCompleted: {
        if (mscoreMajorVersion >= 4) {
            plugin.title = "Harmonize (chorale)";
            plugin.categoryCode = "composing-arranging-tools";
        }
    }

    Rectangle {
        anchors.fill: parent
        color: "white"
        Text {
            id: message
            anchors.fill: parent
            anchors.margins: 16
            wrapMode: Text.WordWrap
            color: "black"
            font.pixelSize: 14
            text: "Writing the other voices …"
        }
    }

    onRun: {
        if (!curScore) {
            message.text = "Open a score with a melody first.";
            return;
        }
        var piece = readPiece();
        if (piece === null) {
            message.text = "Expected a melody in the first voice of the staff, got no notes.";
            return;
        }
        ask(piece);
    }

    // === The score as a piece: steps are sixteenths ===

    function stepOf(ticks) {
        return Math.round(4 * ticks / division);
    }

    function staffOfMelody() {
        var cursor = curScore.newCursor();
        cursor.rewind(Cursor.SELECTION_START);
        return cursor.segment ? cursor.staffIdx : 0;
    }

    function readPiece() {
        var bars = [], metres = [], end = 0;
        for (var measure = curScore.firstMeasure; measure; measure = measure.nextMeasure) {
            var nominal = measure.timesigNominal, actual = measure.timesigActual;
            var full = 16 * nominal.numerator / nominal.denominator;
            var length = 16 * actual.numerator / actual.denominator;
            var isPickup = bars.length === 0 && length < full;
            var before = bars.length ? bars[bars.length - 1].number : 0;
            bars.push({
                start: end,
                number: isPickup ? 0 : before + 1,
                position: isPickup ? full - length : 0
            });
            var last = metres.length ? metres[metres.length - 1] : null;
            if (!last || last.numerator !== nominal.numerator
                    || last.denominator !== nominal.denominator) {
                metres.push({
                    step: end,
                    numerator: nominal.numerator,
                    denominator: nominal.denominator
                });
            }
            end += length;
        }
        var found = readMelody(end);
        if (found.notes.length === 0)
            return null;
        var voices = [[], [], [], []];
        voices[names.indexOf(voice)] = found.notes;
        return {
            steps: end,
            voices: voices,
            fermatas: found.fermatas,
            bars: bars,
            metres: metres,
            title: curScore.title ? curScore.title.substring(0, 200) : ""
        };
    }

    function readMelody(end) {
        var notes = [], fermatas = [];
        var cursor = curScore.newCursor();
        cursor.track = 4 * staffOfMelody();
        cursor.rewind(Cursor.SCORE_START);
        cursor.track = 4 * staffOfMelody();
        for (; cursor.segment; cursor.next()) {
            var element = cursor.element;
            if (!element || element.type !== Element.CHORD)
                continue;
            var note = element.notes[element.notes.length - 1];
            var start = stepOf(cursor.tick);
            var ticks = (element.actualDuration || element.duration).ticks;
            var until = Math.min(stepOf(cursor.tick + ticks), end);
            var last = notes.length ? notes[notes.length - 1] : null;
            if (until <= start)
                continue;
            if (last && start < last[1] + last[2])
                start = last[1] + last[2];
            if (note.tieBack && last && last[1] + last[2] === start)
                last[2] += until - start;
            else if (until > start)
                notes.push([note.pitch, start, until - start]);
            if (hasFermata(cursor.segment, cursor.track) && until > start)
                fermatas.push([start, until]);
        }
        return { notes: notes, fermatas: fermatas };
    }

    function hasFermata(segment, track) {
        for (var i = 0; i < segment.annotations.length; i++) {
            var annotation = segment.annotations[i];
            if (annotation.type === Element.FERMATA && annotation.track === track)
                return true;
        }
        return false;
    }

    // === The studio ===

    function ask(piece) {
        var request = new XMLHttpRequest();
        var address = "http://127.0.0.1:" + port + "/api/harmonize"
                + "?voice=" + voice + "&best_of=" + best_of + "&format=json";
        request.onreadystatechange = function () {
            if (request.readyState === XMLHttpRequest.DONE)
                take(request, piece);
        };
        request.open("POST", address, true);
        request.setRequestHeader("Content-Type", "application/json");
        request.send(JSON.stringify(piece));
    }

    function take(request, piece) {
        var answer = null;
        try {
            answer = JSON.parse(request.responseText);
        } catch (error) {
            message.text = "Found no studio at port " + port + ": start `chorale studio`.";
            return;
        }
        if (request.status !== 200) {
            message.text = answer.error || "The studio answered " + request.status + ".";
            return;
        }
        var broken = write(answer.variations[0].piece, piece);
        var remarks = answer.remarks;
        if (broken > 0)
            remarks.push(broken + " notes are written as several: tie them");
        message.text = ["Three parts were added below."].concat(remarks).join("\n");
        if (remarks.length === 0)
            (typeof quit === "undefined" ? Qt.quit : quit)();
    }

    // === New parts ===

    // Return how many notes are no single note value.
    function write(piece, given) {
        var melody = names.indexOf(voice), broken = 0;
        // Rests before the first note of the melody were left out.
        var offset = given.voices[melody][0][1] - piece.voices[melody][0][1];
        curScore.startCmd();
        for (var v = 0; v < 4; v++) {
            if (v === melody)
                continue;
            curScore.appendPart(names[v]);
            broken += writeLine(piece.voices[v], offset, given, curScore.nstaves - 1);
        }
        curScore.endCmd();
        return broken;
    }

    function writeLine(notes, offset, given, staff) {
        var cursor = curScore.newCursor();
        cursor.track = 4 * staff;
        cursor.rewind(Cursor.SCORE_START);
        cursor.track = 4 * staff;
        var step = 0, broken = 0;
        for (var i = 0; i < notes.length; i++) {
            var start = notes[i][1] + offset;
            rest(cursor, given, step, start);
            var parts = split(notes[i][2]);
            for (var j = 0; j < parts.length; j++) {
                cursor.setDuration(parts[j], 16);
                cursor.addNote(notes[i][0], false);
            }
            broken += parts.length > 1 ? 1 : 0;
            step = start + notes[i][2];
        }
        return broken;
    }

    // Rests from a step to another; those of MuseScore end at barlines.
    function rest(cursor, given, from, to) {
        while (from < to) {
            var end = to;
            for (var i = 0; i < given.bars.length; i++) {
                if (given.bars[i].start > from)
                    end = Math.min(end, given.bars[i].start);
            }
            var parts = split(end - from);
            for (var j = 0; j < parts.length; j++) {
                cursor.setDuration(parts[j], 16);
                cursor.addRest();
            }
            from = end;
        }
    }

    function split(length) {
        var parts = [];
        while (length > 0) {
            for (var i = 0; i < plain.length; i++) {
                if (plain[i] <= length) {
                    parts.push(plain[i]);
                    length -= plain[i];
                    break;
                }
            }
        }
        return parts;
    }
}
