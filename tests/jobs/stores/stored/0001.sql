BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO "alembic_version" VALUES('0001');
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
INSERT INTO "job" VALUES('10000000000000','train','world-series','queued','["python","train.py"]','/project',1.0,NULL,NULL,0,'{}','{}','{"rate":0.1,"model":"gbm"}','[]',NULL,'ana@laptop','local',1,1760000000.25,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'','','tune-1',0);
INSERT INTO "job" VALUES('10000000000001','train','world-series','queued','["python","train.py"]','/project',1.0,NULL,NULL,0,'{}','{}','{"rate":0.2,"model":"gbm"}','[]',NULL,'ana@laptop','local',1,1760000000.25,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'','','tune-1',1);
INSERT INTO "job" VALUES('10000000000002','train','world-series','queued','["python","train.py"]','/project',1.0,NULL,NULL,0,'{}','{}','{"rate":0.30000000000000004,"model":"gbm"}','[]',NULL,'ana@laptop','local',1,1760000000.25,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'','','tune-1',2);
INSERT INTO "job" VALUES('1000000000000b','train','world-series','failed','["python","","a \u0000 \udcff \\ \\u0041 ''\" \ud83e\udd89 %s :name\n"]','/project/\u0000 \udcff \u005c \u005cu0041 ''" 🦉 %s :name
',0.5,35184372088833,0.1,3,'{"PATH":"\u0000 \udcff \\ \\u0041 ''\" \ud83e\udd89 %s :name\n","EMPTY":""}','{"DB_URL":"world-series/database"}','{"rate":1e-07,"depth":1180591620717411303424,"model":"\u0000 \udcff \\ \\u0041 ''\" \ud83e\udd89 %s :name\n","flag":true,"one":1.0,"zero":-0.0}','["data.csv","\u0000 \udcff \\ \\u0041 ''\" \ud83e\udd89 %s :name\n"]','170141183460469231731687303715884105731','ana@\u0000 \udcff \u005c \u005cu0041 ''" 🦉 %s :name
','local',7,1760000000.25,1760000001.1,1.76000000200000095368e+09,4194304,'signal',-1099511627776,9,4,3.33333333333333314829e-01,0.0,1125899906842624,1.0e-09,'it said \u0000 \udcff \u005c \u005cu0041 ''" 🦉 %s :name
','0123456789abcdef','tune-3',0);
CREATE TABLE job_attribute (
    job VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (job, name),
    CONSTRAINT job_attribute_job FOREIGN KEY(job) REFERENCES job (id)
);
INSERT INTO "job_attribute" VALUES('1000000000000b','image','sha256:0');
INSERT INTO "job_attribute" VALUES('1000000000000b','\u0000 \udcff \u005c \u005cu0041 ''" 🦉 %s :name
','\u0000 \udcff \u005c \u005cu0041 ''" 🦉 %s :name
');
INSERT INTO "job_attribute" VALUES('1000000000000b','empty','');
CREATE TABLE job_event (
    job VARCHAR(255) NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR(255) NOT NULL,
    detail TEXT NOT NULL,
    happened DOUBLE NOT NULL,
    PRIMARY KEY (job, number),
    CONSTRAINT job_event_job FOREIGN KEY(job) REFERENCES job (id)
);
INSERT INTO "job_event" VALUES('1000000000000b',1,'submitted','by hand',1760000000.25);
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
INSERT INTO "sweep" VALUES('tune-1','stored','tune',1,'world-series','stopped','{"metric":"log_loss","goal":"minimize","trials":3,"space":{"rate":{"float":[0.001,0.3],"log":true}}}',1760000000.5,1760000004.0,'interrupted','',4,3);
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
INSERT INTO "trial" VALUES('tune-1',0,'succeeded','{"rate":0.1,"model":"gbm"}','0000000000000000','10000000000000','machine/1/2/ana',1,1760000016.0,1760000001.0,1760000001.5,1760000003.25,3.33333333333333314829e-01,'','[[1,0.5],[2,0.3333333333333333]]',2);
INSERT INTO "trial" VALUES('tune-1',1,'failed','{"rate":0.2,"model":"gbm"}','0000000000000001','10000000000001','machine/1/2/ana',1,1760000016.0,1760000001.0,1760000001.5,1760000003.5,NULL,'exit code 1','[]',3);
INSERT INTO "trial" VALUES('tune-1',2,'running','{"rate":0.30000000000000004,"model":"gbm"}','0000000000000002','10000000000002','machine/1/2/ana',1,1760000016.0,1760000001.0,NULL,NULL,NULL,'','[]',1);
CREATE INDEX job_by_name ON job (name, submitted, id);
CREATE INDEX job_by_state ON job (state, submitted, id);
CREATE INDEX job_by_sweep ON job (sweep, submitted, id);
CREATE INDEX job_latest ON job (submitted, id);
CREATE INDEX sweep_latest ON sweep (project, created);
CREATE INDEX trial_by_state ON trial (sweep, state, number);
CREATE INDEX trial_changes ON trial (sweep, revision);
COMMIT;
