CREATE TABLE job (
    id VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    project VARCHAR(255) NOT NULL,
    state VARCHAR(255) NOT NULL,
    command TEXT NOT NULL,
    folder TEXT NOT NULL,
    cpus DOUBLE NOT NULL,
    memory BIGINT,
    timeout DOUBLE,
    retries INTEGER NOT NULL,
    env TEXT NOT NULL,
    secrets TEXT NOT NULL,
    params TEXT NOT NULL,
    data TEXT NOT NULL,
    seed TEXT,
    owner VARCHAR(255) NOT NULL,
    engine VARCHAR(255) NOT NULL,
    fence INTEGER NOT NULL,
    submitted DOUBLE NOT NULL,
    started DOUBLE,
    ended DOUBLE,
    pid BIGINT,
    reason VARCHAR(255),
    exit_code BIGINT,
    killed_by INTEGER,
    attempts INTEGER NOT NULL,
    wall_seconds DOUBLE,
    cpu_seconds DOUBLE,
    peak_memory BIGINT,
    price DOUBLE,
    message TEXT NOT NULL,
    capsule VARCHAR(255) NOT NULL,
    sweep VARCHAR(255) NOT NULL,
    trial INTEGER,
    PRIMARY KEY (id)
);

CREATE INDEX job_by_name ON job (name, submitted, id);

CREATE INDEX job_by_state ON job (state, submitted, id);

CREATE INDEX job_by_sweep ON job (sweep, submitted, id);

CREATE INDEX job_latest ON job (submitted, id);

CREATE TABLE outbox (
    kind VARCHAR(255) NOT NULL,
    id VARCHAR(255) NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (kind, id, version)
);

CREATE TABLE sweep (
    id VARCHAR(255) NOT NULL,
    token VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    number INTEGER NOT NULL,
    project VARCHAR(255) NOT NULL,
    state VARCHAR(255) NOT NULL,
    config TEXT NOT NULL,
    created DOUBLE NOT NULL,
    ended DOUBLE,
    reason TEXT NOT NULL,
    forked_from VARCHAR(255) NOT NULL,
    revision INTEGER NOT NULL,
    trials INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT sweep_number UNIQUE (name, number),
    CONSTRAINT sweep_token UNIQUE (token)
);

CREATE INDEX sweep_latest ON sweep (project, created);

CREATE TABLE job_attribute (
    job VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (job, name),
    CONSTRAINT job_attribute_job FOREIGN KEY(job) REFERENCES job (id)
);

CREATE TABLE job_event (
    job VARCHAR(255) NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR(255) NOT NULL,
    detail TEXT NOT NULL,
    happened DOUBLE NOT NULL,
    PRIMARY KEY (job, number),
    CONSTRAINT job_event_job FOREIGN KEY(job) REFERENCES job (id)
);

CREATE TABLE trial (
    sweep VARCHAR(255) NOT NULL,
    number INTEGER NOT NULL,
    state VARCHAR(255) NOT NULL,
    params TEXT NOT NULL,
    digest VARCHAR(255) NOT NULL,
    job VARCHAR(255) NOT NULL,
    owner VARCHAR(255) NOT NULL,
    fence INTEGER NOT NULL,
    lease DOUBLE NOT NULL,
    created DOUBLE NOT NULL,
    started DOUBLE,
    ended DOUBLE,
    value DOUBLE,
    reason TEXT NOT NULL,
    steps TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (sweep, number),
    CONSTRAINT trial_point UNIQUE (sweep, digest),
    CONSTRAINT trial_job UNIQUE (job),
    CONSTRAINT trial_sweep FOREIGN KEY(sweep) REFERENCES sweep (id)
);

CREATE INDEX trial_by_state ON trial (sweep, state, number);

CREATE INDEX trial_changes ON trial (sweep, revision);

CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));

INSERT INTO alembic_version (version_num) VALUES ('0002');
