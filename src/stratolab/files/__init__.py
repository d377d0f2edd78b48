"""Files of a lab: buckets for data, models and artifacts; whole folders up and down, many small files at a time.

models     addresses (`data/prices/2020.csv`), entries, what a transfer did
protocol   a bucket
local      a bucket that is a folder in the lab's folder
whole      files that appear whole or not at all
service    upload and download: what is unchanged is passed over, so that one that was broken off goes on
"""
