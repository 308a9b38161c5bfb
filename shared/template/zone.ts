// Time zones: those most used, with the rules of today. An unknown one is UTC.

/** `name|offset in minutes|name in winter|rule|name in summer`; the rules are E (Europe) and U (United States). */
const rows: string[] = [
  "Asia/Shanghai|480|CST",
  "Asia/Hong_Kong|480|HKT",
  "Asia/Taipei|480|CST",
  "Asia/Singapore|480|+08",
  "Asia/Tokyo|540|JST",
  "Asia/Seoul|540|KST",
  "Asia/Kolkata|330|IST",
  "Asia/Dubai|240|+04",
  "Asia/Bangkok|420|+07",
  "Asia/Jakarta|420|WIB",
  "Asia/Manila|480|PST",
  "Asia/Karachi|300|PKT",
  "Australia/Brisbane|600|AEST",
  "America/Sao_Paulo|-180|-03",
  "America/New_York|-300|EST|U|EDT",
  "America/Chicago|-360|CST|U|CDT",
  "America/Denver|-420|MST|U|MDT",
  "America/Los_Angeles|-480|PST|U|PDT",
  "America/Phoenix|-420|MST",
  "America/Toronto|-300|EST|U|EDT",
  "Europe/London|0|GMT|E|BST",
  "Europe/Dublin|0|GMT|E|IST",
  "Europe/Lisbon|0|WET|E|WEST",
  "Europe/Paris|60|CET|E|CEST",
  "Europe/Berlin|60|CET|E|CEST",
  "Europe/Madrid|60|CET|E|CEST",
  "Europe/Rome|60|CET|E|CEST",
  "Europe/Amsterdam|60|CET|E|CEST",
  "Europe/Zurich|60|CET|E|CEST",
  "Europe/Warsaw|60|CET|E|CEST",
  "Europe/Stockholm|60|CET|E|CEST",
  "Europe/Athens|120|EET|E|EEST",
  "Europe/Moscow|180|MSK",
  "Europe/Istanbul|180|+03",
  "Africa/Johannesburg|120|SAST",
  "Africa/Lagos|60|WAT",
  "Africa/Nairobi|180|EAT",
];

const DAY: i64 = 86400;

export class Zone {
  private constructor(
    /** Seconds east of Greenwich in winter. */
    private offset: i32,
    private name: string,
    private rule: string,
    private summerName: string,
  ) {}

  static utc(): Zone {
    return new Zone(0, "UTC", "", "");
  }

  static named(name: string): Zone {
    for (let i = 0; i < rows.length; i++) {
      const parts = rows[i].split("|");
      if (parts[0] != name) continue;
      const hasSummer = parts.length > 4;
      return new Zone(
        <i32>parseInt(parts[1]) * 60,
        parts[2],
        hasSummer ? parts[3] : "",
        hasSummer ? parts[4] : "",
      );
    }
    return Zone.utc();
  }

  /** Seconds east of Greenwich at a moment. */
  offsetAt(seconds: i64): i32 {
    return this.offset + (this.isSummer(seconds) ? 3600 : 0);
  }

  nameAt(seconds: i64): string {
    return this.isSummer(seconds) ? this.summerName : this.name;
  }

  private isSummer(seconds: i64): bool {
    if (this.rule == "") return false;
    // Days since 1970 of the year's first day; the years here are those since 1970 to 2100.
    let year: i64 = 1970;
    let first: i64 = 0;
    while (year < 2100 && seconds >= (first + yearDays(year)) * DAY) first += yearDays(year++);
    const march = first + 59 + <i64>(yearDays(year) == 366);
    if (this.rule == "E") {
      // The last Sundays of March and October, 01:00 UTC.
      const from = sundayFrom(march + 24) * DAY + 3600;
      return seconds >= from && seconds < sundayFrom(march + 238) * DAY + 3600;
    }
    // The second Sunday of March and the first of November, 02:00 by the clock on the wall.
    const from = sundayFrom(march + 7) * DAY + 7200 - this.offset;
    return seconds >= from && seconds < sundayFrom(march + 245) * DAY + 3600 - this.offset;
  }
}

function yearDays(year: i64): i64 {
  return year % 4 == 0 ? 366 : 365;
}

/** The first Sunday at or after a day. */
function sundayFrom(day: i64): i64 {
  return day + ((10 - (day % 7)) % 7);
}
