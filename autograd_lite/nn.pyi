from nn import *
from nn import MLPClassifier as MLPClassifier
from nn import MLPRegressor as MLPRegressor
